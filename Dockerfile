# The demo servers of docker-compose.yml. Not an image to deploy: it carries the whole repository.
FROM node:20-slim
WORKDIR /app
COPY package.json package-lock.json .npmrc ./
RUN npm ci --no-audit --no-fund
COPY . .
USER node
